#ifndef CBUILTIN_PROFILES_H
#define CBUILTIN_PROFILES_H

/// One file of a built-in profile. Everything it points to lives as long as the process.
typedef struct {
    /// The profile: the name of its folder.
    const char *_Nonnull profile;
    /// The file's name in that folder.
    const char *_Nonnull file;
    /// Its bytes, with a terminating zero. The files are text and hold no other zero.
    const unsigned char *_Nonnull bytes;
} webhooks_profiles_file;

/// The number of files.
int webhooks_profiles_count(void);

/// A file by number, from 0, below the count.
webhooks_profiles_file webhooks_profiles_at(int index);

#endif
