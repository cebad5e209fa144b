import { numberIdPattern, organisationIdPattern } from '../ids.js';
import { segmentUses } from '../segments.js';
import { takes } from './forms.js';
import {
  AnyText,
  CalendarDate,
  DateOrInstant,
  JsonWebKeys,
  ListOf,
  NumberText,
  OneOf,
  Optional,
  SentInstant,
  TextOf,
  WholeNumber,
} from './rules.js';

/** `POST /hub/v1/recycled` */
export class RecycledQuestion {
  @NumberText() number!: string;
  @DateOrInstant() since!: string;
  @Optional() @SentInstant() knownAtLeast?: string;
}

/** A line of `POST /hub/v1/recycled/bulk`. */
export class BulkQuestion {
  @NumberText() number!: string;
  @DateOrInstant() since!: string;
}

/** `POST /hub/v1/timeline`: one of `number` and `numberId`. */
export class TimelineQuestion {
  @Optional() @NumberText() number?: string;
  @Optional() @TextOf(numberIdPattern, 'n_ and 26 of a-z 2-7') numberId?: string;
  @Optional() @SentInstant() asOf?: string;
  @Optional() @SentInstant() effectiveAt?: string;
}

const textsMax = 20;
const anyShortText = /^[^\p{Cc}]{1,255}$/u;
const texts = `a list of at most ${textsMax} texts of at most 255 characters`;
export const answerWorkingDaysMax = 60;

/** `POST /hub/v1/participants` */
export class ParticipantAdmission {
  @OneOf(['carrier', 'app']) role!: string;
  @TextOf(organisationIdPattern, takes.organisation) id!: string;
  @AnyText(100) name!: string;
  @Optional() @AnyText(50) category?: string;
  @Optional() @ListOf(anyShortText, texts, textsMax) domains?: string[];
  @Optional() @ListOf(anyShortText, texts, textsMax) contacts?: string[];
  @Optional() @JsonWebKeys(textsMax) publicKeys?: object[];
  @Optional() @WholeNumber(1, answerWorkingDaysMax) answersWithinWorkingDays?: number;
}

/** Why a participant is suspended or a parked message is re-driven or given up, for the record. */
export class Reason {
  @AnyText(500) reason!: string;
}

/** A row of `POST /hub/v1/segments`. */
export class SegmentRow {
  @TextOf(/^1[0-9]{2,10}$/, '3 to 11 digits after +86, the first a 1') prefix!: string;
  @AnyText(64) holder!: string;
  @OneOf(segmentUses) use!: string;
  @Optional() @TextOf(organisationIdPattern, takes.organisation) assignedTo?: string;
  @Optional() @CalendarDate() validFrom?: string;
  @Optional() @AnyText(32) province?: string;
  @Optional() @AnyText(32) city?: string;
}

const accountCharactersMax = 128;

/** One of `PUT /connector/v1/bindings`. */
export class BindingEntry {
  @TextOf(/^[^\p{Cc}]{1,128}$/u, `1 to ${accountCharactersMax} characters, no control characters among them`)
  account!: string;
  @NumberText() number!: string;
  @SentInstant() verifiedAt!: string;
}

/** `POST /connector/v1/login-check` */
export class LoginQuestion {
  @NumberText() number!: string;
  @SentInstant() verifiedAt!: string;
}

/** `POST /auth/v1/token`: client credentials with `private_key_jwt`. */
export class TokenRequest {
  @OneOf(['client_credentials']) grant_type!: string;
  @OneOf(['urn:ietf:params:oauth:client-assertion-type:jwt-bearer']) client_assertion_type!: string;
  @AnyText(4_096) client_assertion!: string;
  @Optional() @AnyText(500, 0) scope?: string;
}
