/** How often a handler may fail on the same messages (with anything but a retriable failure) before a key is parked. */
export const attemptsMax = 5;
/** First wait after a failure; doubled each time up to the greatest. */
export const backoffFirstMs = 50;
export const backoffMaxMs = 10_000;

/** A page is what a handler holds in memory at once, and what may be handed over again after a crash. */
export const batchMessagesDefault = 1_000;
export const batchMessagesMax = 10_000;
export const batchBytesMax = 4 * 1024 * 1024;

/** As Kafka's `message.max.bytes`. */
export const messageBytesMax = 1024 * 1024;
/** One call is one transaction: it stands in memory, and in the journal, as a whole. */
export const publishBytesMax = 64 * 1024 * 1024;
/** Lengths of keys and headers are stored in 16 bits, which headers repeat in a mask of 32. */
export const textBytesMax = 65_535;
export const headersMax = 32;
/** Messages of one publish and partition are stored together in rows of about this size. */
export const chunkBytesMax = 128 * 1024;
export const partitionsMax = 1_024;

/** Beyond so many of a partition each message is looked up in the file. */
export const parkedKeysInMemoryMax = 10_000;
export const parkedPageMax = 1_000;
export const reasonCharsMax = 500;

/** Offsets are committed together, at most this long after the batch was done: so much more is redelivered after a crash. */
export const commitDelayMs = 25;
/** As Kafka's `retention.ms`. */
export const retentionDefaultMs = 7 * 24 * 60 * 60 * 1000;
export const upkeepIntervalDefaultMs = 5_000;
/** Between two steps of clean-up, so that publishing goes first. */
export const upkeepPauseMs = 20;
/** Chunks dropped, and bytes compacted, in one step: a few milliseconds of the writer's time. */
export const retentionChunksPerStep = 32;
export const compactionBytesPerStep = 1024 * 1024;
/** A topic is compacted when this many messages, and at least half of it, were added since the last time. */
export const dirtyMessagesMin = 10_000;
/** Keys held in memory during one compaction (some 25 MB); more of them take another round. */
export const compactionKeysMax = 200_000;

export const closeTimeoutDefaultMs = 10_000;
