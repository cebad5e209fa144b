import type { AppAnswer, AppId, GenerationId, Instant, NumberId, RequestId, Token } from '@numlife/contracts';
import type { WorkingDays } from './deadline.js';
import type { RenewalCommand } from './renewal-task.js';

export const shop = 'shop' as AppId;
export const first = 'r-1' as RequestId;
export const second = 'r-2' as RequestId;
/** A time of day in Shanghai. */
export const at = (day: string, time = '10:00'): Instant =>
  new Date(`${day}T${time}:00+08:00`).toISOString() as Instant;
export const endOf = (day: string): Instant => new Date(Date.parse(`${day}T24:00:00+08:00`)).toISOString() as Instant;

/** The commands of one task under one calendar. */
export const commandsWith = (workingDaysAfter: WorkingDays) => ({
  ask: (now: Instant, requestId = first, releaseVerifiedBefore = at('2026-01-05')): RenewalCommand => ({
    type: 'ask',
    now,
    workingDaysAfter,
    request: {
      requestId,
      app: shop,
      numberId: 'n_1' as NumberId,
      token: 't1_1' as Token,
      generationId: 'g-1' as GenerationId,
      releaseVerifiedBefore,
      answerWorkingDays: 5,
    },
  }),
  answer: (
    now: Instant,
    answer: AppAnswer,
    more: Partial<Extract<RenewalCommand, { type: 'answer' }>> = {},
  ): RenewalCommand => ({
    type: 'answer',
    now,
    workingDaysAfter,
    requestId: first,
    app: shop,
    domains: ['shop.example'],
    answer,
    cause: `${now} ${answer.state}`,
    ...more,
  }),
  pass: (now: Instant): RenewalCommand => ({ type: 'passDeadline', now, workingDaysAfter }),
  recount: (now: Instant): RenewalCommand => ({ type: 'recountDeadline', now, workingDaysAfter }),
  ...withdrawals(workingDaysAfter),
});
const withdrawals = (workingDaysAfter: WorkingDays) => ({
  end: (now: Instant, endedAt = now): RenewalCommand => ({
    type: 'withdraw',
    because: 'generation-ended',
    now,
    endedAt,
    workingDaysAfter,
  }),
  correct: (now: Instant): RenewalCommand => ({ type: 'withdraw', because: 'corrected', now, workingDaysAfter }),
});
export const needsHolder = (until: Instant, url = 'https://m.shop.example/verify'): AppAnswer => ({
  state: 'needs-holder',
  url,
  until,
});
