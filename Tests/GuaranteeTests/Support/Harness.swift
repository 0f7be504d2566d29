import WebhooksFaultHarness

// Shared with the fault harness of `make soak`.
typealias Command = WebhooksFaultHarness.Command
typealias Problem = WebhooksFaultHarness.Problem
typealias SmallDisk = WebhooksFaultHarness.SmallDisk
