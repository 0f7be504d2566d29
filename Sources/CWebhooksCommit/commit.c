#include "CWebhooksCommit.h"

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

#ifndef WEBHOOKS_COMMIT
#define WEBHOOKS_COMMIT unknown
#endif

const char *webhooks_commit(void) { return TEXT(WEBHOOKS_COMMIT); }
