import { bindingStates } from '../bindings.js';
import { organisationIdPattern, numberIdPattern, reportIdPattern } from '../ids.js';
import { outcomes, rejectionCodes } from '../receipts.js';
import { batchIdPattern } from '../topics.js';
import { segmentUses } from '../segments.js';
import { takes } from './forms.js';
import {
  AnyText,
  CalendarDate,
  JsonWebKeys,
  ListOf,
  Nested,
  NestedList,
  OneOf,
  Optional,
  OrNull,
  RecordOf,
  SentInstant,
  TextOf,
  WholeNumber,
  YesOrNo,
} from './rules.js';
import { parseInstant } from './instants.js';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const holderRef = /^h_[a-z2-7]{26}$/;
const findingCode = /^[A-Z][A-Z_]{1,63}$/;
const pageMax = 1_000;
const anyNumber = Number.MAX_SAFE_INTEGER;

const CarrierField = (): PropertyDecorator => TextOf(organisationIdPattern, takes.organisation);
const Code = (): PropertyDecorator => TextOf(findingCode, 'A-Z and _');

export const recycledReasons = [
  'SAME_HOLDER',
  'HOLDER_CHANGED',
  'QUARANTINED',
  'RELEASED',
  'NOT_HELD_SINCE',
  'UNKNOWN_NUMBER',
  'OUT_OF_RANGE',
  'IN_CONFLICT',
  'STALE',
  'INVALID_NUMBER',
] as const;

export class RecycledAnswer {
  @OneOf(['yes', 'no', 'cannot-tell']) answer!: string;
  @OneOf(recycledReasons) reason!: string;
  @OrNull() @SentInstant() knownUpTo!: string | null;
}

export class Generation {
  @WholeNumber(1, anyNumber) ordinal!: number;
  @TextOf(uuid, 'a UUID') generationId!: string;
  @OrNull() @TextOf(holderRef, 'h_ and 26 of a-z 2-7') holder!: string | null;
  @SentInstant() from!: string;
  @YesOrNo() fromKnown!: boolean;
  @OrNull() @SentInstant() until!: string | null;
  @OrNull() @OneOf(['cancelled', 'transferred']) endedBy!: string | null;
  @YesOrNo() continues!: boolean;
}

export class Finding {
  @Code() code!: string;
  @OneOf(['violation', 'conflict', 'notice']) severity!: string;
  @TextOf(reportIdPattern, takes.reportId) reportId!: string;
  @CarrierField() carrier!: string;
}

export class Timeline {
  @TextOf(numberIdPattern, 'n_ and 26 of a-z 2-7') numberId!: string;
  @WholeNumber(0, anyNumber) version!: number;
  @OneOf(['unknown', 'held', 'suspended', 'quarantined', 'released']) status!: string;
  @OrNull() @CarrierField() servingCarrier!: string | null;
  @OrNull() @SentInstant() quarantineEndsAt!: string | null;
  @OrNull() @SentInstant() knownUpTo!: string | null;
  @NestedList(() => Generation, anyNumber) generations!: Generation[];
  @NestedList(() => Finding, anyNumber) findings!: Finding[];
}

export class ListedFinding extends Finding {
  @TextOf(numberIdPattern, 'n_ and 26 of a-z 2-7') numberId!: string;
  @SentInstant() at!: string;
  @Optional() @SentInstant() endedAt?: string;
}

/** As a carrier is shown it: `yourReportId` is its own latest report of that number. */
export class CarrierFinding extends ListedFinding {
  @Optional() @TextOf(reportIdPattern, takes.reportId) yourReportId?: string;
}

export class Findings {
  @NestedList(() => ListedFinding, pageMax) findings!: ListedFinding[];
  @OrNull() @AnyText(512) next!: string | null;
}
export class CarrierFindings {
  @NestedList(() => CarrierFinding, pageMax) findings!: CarrierFinding[];
  @OrNull() @AnyText(512) next!: string | null;
}

export class Receipt {
  @TextOf(batchIdPattern, takes.reportId) batchId!: string;
  @WholeNumber(1, anyNumber) line!: number;
  @Optional() @TextOf(reportIdPattern, takes.reportId) reportId?: string;
  @OneOf(outcomes) outcome!: string;
  @Optional() @OneOf(rejectionCodes) code?: string;
  @Optional() @AnyText(2_048) detail?: string;
  @Optional() @WholeNumber(0, anyNumber) version?: number;
  @ListOf(findingCode, 'a list of codes', pageMax) findings!: string[];
  @SentInstant() recordedAt!: string;
}
export class Receipts {
  @NestedList(() => Receipt, pageMax) receipts!: Receipt[];
  @OrNull() @AnyText(512) next!: string | null;
}

export class Received {
  @TextOf(batchIdPattern, takes.reportId) batchId!: string;
  @WholeNumber(0, anyNumber) received!: number;
}
export class ReceivedWithReceipts extends Received {
  @NestedList(() => Receipt, anyNumber) receipts!: Receipt[];
}

export class BatchProgress {
  @TextOf(batchIdPattern, takes.reportId) batchId!: string;
  @WholeNumber(0, anyNumber) received!: number;
  @WholeNumber(0, anyNumber) recorded!: number;
  @WholeNumber(0, anyNumber) recordedWithAnomaly!: number;
  @WholeNumber(0, anyNumber) duplicate!: number;
  @WholeNumber(0, anyNumber) rejected!: number;
  @WholeNumber(0, anyNumber) pending!: number;
}
export class Batches {
  @NestedList(() => BatchProgress, pageMax) batches!: BatchProgress[];
  @OrNull() @AnyText(512) next!: string | null;
}

export class Participant {
  @OneOf(['carrier', 'app']) role!: string;
  @TextOf(organisationIdPattern, takes.organisation) id!: string;
  @AnyText(100) name!: string;
  @Optional() @AnyText(50) category?: string;
  @ListOf(/^/, 'a list of texts', pageMax) domains!: string[];
  @ListOf(/^/, 'a list of texts', pageMax) contacts!: string[];
  @JsonWebKeys(pageMax) publicKeys!: object[];
  @Optional() @WholeNumber(1, anyNumber) answersWithinWorkingDays?: number;
  @Optional() @OneOf(['active', 'suspended']) status?: string;
}
export class Participants {
  @NestedList(() => Participant, anyNumber) participants!: Participant[];
}
export class Suspended {
  @TextOf(organisationIdPattern, takes.organisation) id!: string;
  @OneOf(['suspended']) status!: string;
}

/** A row of the segment table, and a message of `numbering.segments.v1`. */
export class Segment {
  @TextOf(/^1[0-9]{2,10}$/, '3 to 11 digits after +86, the first a 1') prefix!: string;
  @OneOf(segmentUses) use!: string;
  @AnyText(64) holder!: string;
  @Optional() @CarrierField() assignedTo?: string;
  @Optional() @AnyText(32) province?: string;
  @Optional() @AnyText(32) city?: string;
  @CalendarDate() validFrom!: string;
  @WholeNumber(1, anyNumber) tableVersion!: number;
}
export class Segments {
  @WholeNumber(0, anyNumber) tableVersion!: number;
  @NestedList(() => Segment, pageMax) segments!: Segment[];
  @OrNull() @AnyText(512) next!: string | null;
}
export class SegmentsImported {
  @WholeNumber(0, anyNumber) tableVersion!: number;
  @WholeNumber(0, anyNumber) segments!: number;
}

export class Parked {
  @AnyText(255) id!: string;
  @AnyText(255) group!: string;
  @AnyText(255) topic!: string;
  @WholeNumber(0, anyNumber) partition!: number;
  @TextOf(/^\d{1,20}$/, 'digits') offset!: string;
  @AnyText(1_024, 0) key!: string;
  @AnyText(2_048, 0) reason!: string;
  @SentInstant() parkedAt!: string;
  @AnyText(1_024, 0) messageId!: string;
  @YesOrNo() head!: boolean;
}
export class ParkedMessages {
  @NestedList(() => Parked, pageMax) parked!: Parked[];
  @OrNull() @AnyText(512) next!: string | null;
}
export class Redriven {
  @AnyText(255) id!: string;
  @YesOrNo() redriven!: boolean;
}
export class Discarded {
  @AnyText(255) id!: string;
  @YesOrNo() discarded!: boolean;
}

export class ConsumerLag {
  @AnyText(255) group!: string;
  @AnyText(255) topic!: string;
  @WholeNumber(0, anyNumber) partition!: number;
  @TextOf(/^\d{1,20}$/, 'digits') messages!: string;
  @WholeNumber(0, anyNumber) parked!: number;
}
export class FollowerLag {
  @AnyText(255) name!: string;
  @TextOf(/^\d{1,20}$/, 'digits') position!: string;
  @TextOf(/^\d{1,20}$/, 'digits') behind!: string;
}
/** What went through in the last minute. */
export class FlowRates {
  @WholeNumber(0, anyNumber) acceptedPerMinute!: number;
  @WholeNumber(0, anyNumber) decidedPerMinute!: number;
  @WholeNumber(0, anyNumber) publishedPerMinute!: number;
}
export class Flow {
  @Nested(() => FlowRates) rates!: FlowRates;
  @NestedList(() => ConsumerLag, anyNumber) consumers!: ConsumerLag[];
  @NestedList(() => FollowerLag, anyNumber) followers!: FollowerLag[];
  @RecordOf(organisationIdPattern, (value) => value === null || isSentInstant(value), 'carriers and instants')
  knownUpTo!: Record<string, string | null>;
  @WholeNumber(0, anyNumber) tableVersion!: number;
}
const isSentInstant = (value: unknown): boolean => typeof value === 'string' && parseInstant(value) !== undefined;

export class TokenAnswer {
  @AnyText(8_192) access_token!: string;
  @OneOf(['Bearer']) token_type!: string;
  @WholeNumber(1, anyNumber) expires_in!: number;
  @AnyText(500, 0) scope!: string;
}
export class KeySet {
  @JsonWebKeys(pageMax) keys!: object[];
}

export class FieldProblem {
  @AnyText(255, 0) field!: string;
  @AnyText(2_048, 0) detail!: string;
}
/** RFC 9457, `application/problem+json`. */
export class Problem {
  @AnyText(255) type!: string;
  @AnyText(255) title!: string;
  @WholeNumber(400, 599) status!: number;
  @Code() code!: string;
  @Optional() @AnyText(2_048, 0) detail?: string;
  @Optional() @NestedList(() => FieldProblem, pageMax) errors?: FieldProblem[];
  /** Of `POST /auth/v1/token` alone, as RFC 6749 (5.2) has them. */
  @Optional() @AnyText(64) error?: string;
  @Optional() @AnyText(2_048, 0) error_description?: string;
}

export class KeptBinding {
  @AnyText(255) account!: string;
  @OneOf(bindingStates) state!: string;
  @SentInstant() verifiedAt!: string;
}
export class Bindings {
  @NestedList(() => KeptBinding, pageMax) bindings!: KeptBinding[];
  /** Up to 128 characters of any script, written in 64 signs. */
  @OrNull() @AnyText(1_024) next!: string | null;
}

export class Health {
  @OneOf(['live', 'ready']) status!: string;
}
