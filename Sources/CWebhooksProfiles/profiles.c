#include "CWebhooksProfiles.h"

// #embed is C23; this compiler has it in every mode and would say so.
#pragma clang diagnostic ignored "-Wc23-extensions"

#define BUILTIN_FILE(profile, file) { profile, file, (const unsigned char[]) {
#define BUILTIN_FILE_END , 0 } },

static const webhooks_profiles_file files[] = {
#include "builtin_profiles.inc"
};

int webhooks_profiles_count(void) { return (int)(sizeof(files) / sizeof(files[0])); }

webhooks_profiles_file webhooks_profiles_at(int index) { return files[index]; }
