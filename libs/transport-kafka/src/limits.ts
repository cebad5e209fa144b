/** How often a handler may fail on the same messages (with anything but a retriable failure) before a key is parked. */
export const attemptsMax = 5;
/** First wait after a failure; doubled each time up to the greatest. */
export const backoffFirstMs = 50;
export const backoffMaxMs = 10_000;
/** The greatest wait before the broker is tried again: a broker that comes back is not kept waiting. */
export const reconnectMaxMs = 2_000;

/** A page is what a handler holds in memory at once, and what may be handed over again after a crash. */
export const batchMessagesDefault = 1_000;
export const batchMessagesMax = 10_000;
export const batchBytesMax = 4 * 1024 * 1024;

/** The same as the embedded transport's, so that what fits one fits the other. Topics are created to take it. */
export const messageBytesMax = 1024 * 1024;
/** What a topic takes in one record batch: a message of the greatest size and what Kafka adds to it. */
export const topicBatchBytesMax = 2 * messageBytesMax;
/** Whatever a topic took can be parked, with what is said of it. */
export const parkedBatchBytesMax = 2 * topicBatchBytesMax;
/** Messages of one partition go in pieces of about this size, well within a broker's own `message.max.bytes`. */
export const pieceBytesMax = 512 * 1024;
/** One request; a broker takes 100 MiB. */
export const requestBytesMax = 8 * 1024 * 1024;
export const publishBytesMax = 64 * 1024 * 1024;
/** Published and not yet acknowledged; more is refused for the moment. */
export const unsentBytesMax = 2 * publishBytesMax;
export const headersMax = 32;
export const textBytesMax = 65_535;
/** Kafka's own overhead for a message and a header, rounded up. */
export const recordOverheadBytes = 64;
export const headerOverheadBytes = 8;
export const partitionsMax = 1_024;

/** An answer to a fetch: of one partition, and of all together. */
export const fetchPartitionBytesMax = 1024 * 1024;
export const fetchBytesMax = 8 * 1024 * 1024;
/** How long a broker holds a fetch back when there is nothing new; a partition that just fell idle waits as long. */
export const fetchWaitMsMax = 100;

/** A member that is not heard of for so long is dead, and its partitions go to others. */
export const sessionTimeoutDefaultMs = 10_000;
export const heartbeatIntervalMs = 500;
/** How long a rebalance waits for batches in hand; who takes longer has lost its partitions. */
export const rebalanceTimeoutMs = 300_000;

export const parkedPageMax = 1_000;
export const reasonCharsMax = 500;
/** How soon an order given in another process is seen. */
export const parkingPollMs = 250;
/** Some 3 s in all, as kafkajs tries other requests. */
export const readAttemptsMax = 6;
/** Copies of a group's parked messages in memory. Beyond it the group reads nothing new until some are gone. */
export const parkedBytesMax = 64 * 1024 * 1024;
/** Groups whose parked messages are held to be listed; of others they are read anew. */
export const listedGroupsMax = 256;
/** How long an order waits for the offset of what it is about to be committed. */
export const orderTimeoutMs = 10_000;

export const lagGroupsMax = 1_000;
export const lagGroupsAtOnce = 8;

export const connectionTimeoutMs = 5_000;
export const keepAliveDelayMs = 60_000;
export const requestTimeoutMs = 30_000;
/** kafkajs' own: about 8 s in all before a request is given up. */
export const requestRetriesMax = 6;
export const retryFirstMs = 100;
export const retryMaxMs = 3_000;

export const closeTimeoutDefaultMs = 10_000;
/** For an answer to leaving; without one the group notices by the session's timeout. */
export const leaveTimeoutMs = 1_000;
