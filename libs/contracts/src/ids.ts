/** The hub's pseudonym of a number: `n_` and 26 characters of `a-z 2-7` (RFC 4648 base32, lower case, no padding). */
export type NumberId = string & { readonly __numberId: never };
/** What apps see of a number: `t<key version>_` and 26 characters of `a-z 2-7`. */
export type Token = string & { readonly __token: never };
/** "The same person again" for one number: `h_` and 26 characters of `a-z 2-7`. */
export type HolderRef = string & { readonly __holderRef: never };
/** A carrier's short lower-case id (`ct`). */
export type CarrierId = string & { readonly __carrierId: never };
/** An app's short lower-case id (`shop`). */
export type AppId = string & { readonly __appId: never };
/** 1 to 64 of `A-Z a-z 0-9 . _ -`; a carrier uses each once. */
export type ReportId = string & { readonly __reportId: never };
/** UUIDv5 of (number id, carrier, report id) of the report that starts the generation. */
export type GenerationId = string & { readonly __generationId: never };
/** UUIDv5 of (generation id, `clearance`, report id of the cancellation). */
export type ClearanceId = string & { readonly __clearanceId: never };
/** UUIDv5 of what caused an app to be asked. */
export type RequestId = string & { readonly __requestId: never };
/** One upload or file. For a BSS that writes to Kafka itself: `<carrier>-<day of receipt>`. */
export type BatchId = string & { readonly __batchId: never };
/** An instant in UTC, RFC 3339 with milliseconds; the same type as the kernel's `Instant`. */
export type Instant = string & { readonly __instant: never };

export const organisationIdPattern = /^[a-z][a-z0-9]{0,15}$/;
export const reportIdPattern = /^[A-Za-z0-9._-]{1,64}$/;
export const holderKeyPattern = /^hk1_[A-Za-z0-9_-]{16,64}$/;
export const numberIdPattern = /^n_[a-z2-7]{26}$/;
export const portOrderIdPattern = /^[A-Za-z0-9._-]{1,64}$/;

export type Role = 'carrier' | 'app' | 'operator' | 'regulator';
/** `sub` of a token: `carrier:ct`, `app:shop`, `operator:caict`, `regulator:miit`. */
export type Organisation = `${Role}:${string}`;
