#ifndef CWEBHOOKS_COMMIT_H
#define CWEBHOOKS_COMMIT_H

/// The commit that the program was built from; `unknown` where whoever built it didn't say.
const char *_Nonnull webhooks_commit(void);

#endif
