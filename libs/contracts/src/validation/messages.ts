import { accountActions } from '../bindings.js';
import { organisationIdPattern } from '../ids.js';
import { lifecycleChanges, revisions } from '../lifecycle.js';
import { takes } from './forms.js';
import { isInstant } from './instants.js';
import {
  AnyText,
  Nested,
  NestedList,
  OneOf,
  Optional,
  OrNull,
  RecordOf,
  SentInstant,
  TextOf,
  UtcInstant,
  WholeNumber,
  YesOrNo,
  Listed,
} from './rules.js';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const sequence = /^(?:0|[1-9][0-9]{0,37})$/;
const base64url = /^[A-Za-z0-9_-]{38,}$/;
const listMax = 10_000;

const Sequence = (): PropertyDecorator => TextOf(sequence, 'a decimal number as text');

/** Data of a message of `carrier.<id>.reports.v1`. */
export class SealedReport {
  @OneOf([1]) v!: number;
  @TextOf(base64url, 'base64url of nonce, ciphertext and tag') sealed!: string;
}

/** After a file's last line. */
export class BatchReceived {
  @TextOf(/^[A-Za-z0-9._-]{1,64}$/, takes.reportId) batchId!: string;
  @WholeNumber(0, Number.MAX_SAFE_INTEGER) received!: number;
}

export class Holding {
  @UtcInstant() from!: string;
  @UtcInstant() until!: string;
}
export class Clearance {
  @TextOf(uuid, 'a UUID') clearanceId!: string;
  @UtcInstant() releaseVerifiedBefore!: string;
  @UtcInstant() dueAt!: string;
}

/** A message of `numbers.lifecycle.v1`: a number's whole state as far as apps may know it. */
export class LifecycleMessage {
  @TextOf(/^t[1-9][0-9]*_[a-z2-7]{26}$/, 't, the key version, _ and 26 of a-z 2-7') token!: string;
  @WholeNumber(1, Number.MAX_SAFE_INTEGER) version!: number;
  @Sequence() sequence!: string;
  @OneOf(lifecycleChanges) change!: string;
  @UtcInstant() effectiveAt!: string;
  @OneOf(['unknown', 'held', 'quarantined', 'released']) status!: string;
  @OrNull() @TextOf(uuid, 'a UUID') generationId!: string | null;
  @OrNull() @UtcInstant() heldSince!: string | null;
  @YesOrNo() heldSinceKnown!: boolean;
  @Optional() @UtcInstant() heldUntil?: string;
  @YesOrNo() continues!: boolean;
  @NestedList(() => Holding, listMax) sameHolderBefore!: Holding[];
  @Optional() @UtcInstant() conflictAt?: string;
  @OrNull() @TextOf(organisationIdPattern, takes.organisation) servingCarrier!: string | null;
  @Optional() @Nested(() => Clearance) clearance?: Clearance;
  @Optional() @Listed(revisions) undo?: string[];
}

/** "Nothing with a lower sequence follows here." Key `~watermark-<partition>`. */
export class Watermark {
  @Sequence() sequence!: string;
  @RecordOf(
    organisationIdPattern,
    (value) => typeof value === 'string' && isInstant(value),
    'carriers and instants in UTC',
  )
  knownUpTo!: Record<string, string>;
}

/** What a connector posts to its app's webhook. */
export class AccountActionRequest {
  @AnyText(255) id!: string;
  @WholeNumber(1, Number.MAX_SAFE_INTEGER) accountSequence!: number;
  @OneOf(accountActions) action!: string;
  @AnyText(128) account!: string;
  @AnyText(64) because!: string;
  @UtcInstant() at!: string;
}

/** What the app answers: done … */
export class ActionDone {
  @OneOf([true]) done!: boolean;
}
/** … or refused … */
export class ActionRefusal {
  @AnyText(255) reason!: string;
  @Optional() @AnyText(2_048) text?: string;
  @Optional() @AnyText(2_048) nextStep?: string;
}
export class ActionRefused {
  @Nested(() => ActionRefusal) refused!: ActionRefusal;
}
/** … or only the holder can do it. */
export class HolderNeeded {
  @AnyText(2_048) url!: string;
  @SentInstant() until!: string;
}
export class ActionNeedsHolder {
  @Nested(() => HolderNeeded) needsHolder!: HolderNeeded;
}
