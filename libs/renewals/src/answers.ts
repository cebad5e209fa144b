import { type AppAnswer, type Instant, refusalReasons } from '@numlife/contracts';
import { unreachable } from '@numlife/event-sourcing';
import { daysAfter } from './deadline.js';

/** An https page on one of the app's registered domains, or below one. */
export function isOnDomain(url: string, domains: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (protocol !== 'https:' || username !== '' || password !== '') return false;
  return domains.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
}

/** Every field equal. */
export function sameAnswer(a: AppAnswer, b: AppAnswer): boolean {
  if (a.state !== b.state) return false;
  if (a.state === 'refused' && b.state === 'refused')
    return a.reason === b.reason && a.text === b.text && a.nextStep === b.nextStep;
  if (a.state === 'needs-holder' && b.state === 'needs-holder') return a.url === b.url && a.until === b.until;
  return true;
}

export type AnswerProblem = 'UNKNOWN_REASON' | 'URL_NOT_ON_DOMAIN' | 'UNTIL_OUT_OF_RANGE';

/** A link for the holder is good for so long at most: it stops the clock. */
const needsHolderDaysMax = 90;

/** What is wrong with an answer by itself. */
export function problemOf(
  answer: AppAnswer,
  { now, domains }: { readonly now: Instant; readonly domains: readonly string[] },
): AnswerProblem | undefined {
  switch (answer.state) {
    case 'refused':
      return refusalReasons.includes(answer.reason) ? undefined : 'UNKNOWN_REASON';
    case 'needs-holder':
      if (!isOnDomain(answer.url, domains)) return 'URL_NOT_ON_DOMAIN';
      return answer.until > now && answer.until <= daysAfter(now, needsHolderDaysMax)
        ? undefined
        : 'UNTIL_OUT_OF_RANGE';
    case 'unbound':
    case 'not-bound':
    case 'kept':
    case 'failed':
      return undefined;
    default:
      return unreachable(answer);
  }
}
