import { ValidateNested } from 'class-validator';
import { holderKeyPattern, portOrderIdPattern, reportIdPattern } from '../ids.js';
import { cancellationReasons, reportKinds, type ReportKind, suspensionReasons } from '../reports.js';
import { takes } from './forms.js';
import { AnObject, type Form, NumberText, OneOf, Optional, SentInstant, TextOf } from './rules.js';

const ReportIdText = (): PropertyDecorator => TextOf(reportIdPattern, takes.reportId);
const HolderKey = (): PropertyDecorator => TextOf(holderKeyPattern, takes.holder);
/** No more than a form: a carrier that nobody admitted is for the hub to know. */
const CarrierText = (): PropertyDecorator => TextOf(portOrderIdPattern, takes.reportId);

/** What a replacement says: what happened, without who it was about. */
export class OpenedReplacement {
  @OneOf(['opened']) kind!: string;
  @SentInstant() effectiveAt!: string;
  @HolderKey() holder!: string;
}
export class HoldingReplacement {
  @OneOf(['holding']) kind!: string;
  @SentInstant() effectiveAt!: string;
  @HolderKey() holder!: string;
}
export class TransferredReplacement {
  @OneOf(['transferred']) kind!: string;
  @SentInstant() effectiveAt!: string;
  @Optional() @HolderKey() fromHolder?: string;
  @HolderKey() holder!: string;
}
export class SuspendedReplacement {
  @OneOf(['suspended']) kind!: string;
  @SentInstant() effectiveAt!: string;
  @Optional() @OneOf(suspensionReasons) reason?: string;
}
export class ResumedReplacement {
  @OneOf(['resumed']) kind!: string;
  @SentInstant() effectiveAt!: string;
  @Optional() @OneOf(suspensionReasons) reason?: string;
}
export class CancelledReplacement {
  @OneOf(['cancelled']) kind!: string;
  @SentInstant() effectiveAt!: string;
  @OneOf(cancellationReasons) reason!: string;
}
export class ReclaimedReplacement {
  @OneOf(['reclaimed']) kind!: string;
  @SentInstant() effectiveAt!: string;
}
export class ReleasedReplacement {
  @OneOf(['released']) kind!: string;
  @SentInstant() effectiveAt!: string;
}
export class PortedReplacement {
  @OneOf(['ported']) kind!: string;
  @SentInstant() effectiveAt!: string;
  @CarrierText() toCarrier!: string;
  @TextOf(portOrderIdPattern, takes.reportId) portOrderId!: string;
}

/** The common fields of a report about a number. */
const AboutANumber = (): ClassDecorator => (form) => {
  ReportIdText()(form.prototype as object, 'reportId');
  NumberText()(form.prototype as object, 'number');
  Optional()(form.prototype as object, 'reportedAt');
  SentInstant()(form.prototype as object, 'reportedAt');
};

@AboutANumber()
export class OpenedReport extends OpenedReplacement {}
@AboutANumber()
export class HoldingReport extends HoldingReplacement {}
@AboutANumber()
export class TransferredReport extends TransferredReplacement {}
@AboutANumber()
export class SuspendedReport extends SuspendedReplacement {}
@AboutANumber()
export class ResumedReport extends ResumedReplacement {}
@AboutANumber()
export class CancelledReport extends CancelledReplacement {}
@AboutANumber()
export class ReclaimedReport extends ReclaimedReplacement {}
@AboutANumber()
export class ReleasedReport extends ReleasedReplacement {}
@AboutANumber()
export class PortedReport extends PortedReplacement {}

@AboutANumber()
export class CorrectedReport {
  @OneOf(['corrected']) kind!: string;
  @ReportIdText() corrects!: string;
  /** An instance of one of the replacements. */
  @Optional() @AnObject('a report without reportId, number and reportedAt') @ValidateNested() replacement?: object;
}

export class CompleteReportForm {
  @ReportIdText() reportId!: string;
  @OneOf(['complete']) kind!: string;
  @SentInstant() upTo!: string;
  @Optional() @SentInstant() reportedAt?: string;
}

export const replacementForms: Readonly<Record<Exclude<ReportKind, 'corrected' | 'complete'>, Form>> = {
  opened: OpenedReplacement,
  holding: HoldingReplacement,
  transferred: TransferredReplacement,
  suspended: SuspendedReplacement,
  resumed: ResumedReplacement,
  cancelled: CancelledReplacement,
  reclaimed: ReclaimedReplacement,
  released: ReleasedReplacement,
  ported: PortedReplacement,
};

export const reportForms: Readonly<Record<ReportKind, Form>> = {
  opened: OpenedReport,
  holding: HoldingReport,
  transferred: TransferredReport,
  suspended: SuspendedReport,
  resumed: ResumedReport,
  cancelled: CancelledReport,
  reclaimed: ReclaimedReport,
  released: ReleasedReport,
  ported: PortedReport,
  corrected: CorrectedReport,
  complete: CompleteReportForm,
};

export const replacementKinds = reportKinds.filter(
  (kind): kind is Exclude<ReportKind, 'corrected' | 'complete'> => kind !== 'corrected' && kind !== 'complete',
);
