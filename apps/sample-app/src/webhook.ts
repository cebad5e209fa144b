import { type AccountActionRequest, accountActions } from '@numlife/contracts';
import { type Webhook, WebhookVerificationError } from 'standardwebhooks';

/** Not from our connector, too old, or altered on the way. */
export class NotSigned extends Error {
  override readonly name = 'NotSigned';
}
/** Signed, but not what a connector sends; the message names the field. */
export class NotAnAction extends Error {
  override readonly name = 'NotAnAction';
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const idPattern = /^[\w.:#/-]{1,200}$/;

const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0 && value.length <= 200;
const fields: Readonly<Record<keyof AccountActionRequest, (value: unknown) => boolean>> = {
  id: (value) => typeof value === 'string' && idPattern.test(value),
  accountSequence: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  action: (value) => (accountActions as readonly unknown[]).includes(value),
  account: isText,
  because: isText,
  at: isText,
};

const verified = (webhook: Webhook, body: Buffer, headers: Headers): unknown => {
  const single = Object.entries(headers).filter((header): header is [string, string] => typeof header[1] === 'string');
  try {
    return webhook.verify(body, Object.fromEntries(single));
  } catch (error) {
    if (error instanceof WebhookVerificationError) throw new NotSigned('the signature does not fit');
    throw new NotAnAction('the body has to be JSON');
  }
};

/** The action a request carries; throws `NotSigned` or `NotAnAction`. */
export const actionOf = (webhook: Webhook, body: Buffer, headers: Headers): AccountActionRequest => {
  const sent = verified(webhook, body, headers);
  if (typeof sent !== 'object' || sent === null) throw new NotAnAction('the body has to be an object');
  const request = sent as Record<keyof AccountActionRequest, unknown>;
  for (const [field, isRight] of Object.entries(fields)) {
    if (!isRight(request[field as keyof AccountActionRequest]))
      throw new NotAnAction(`${field} is missing or not what it has to be`);
  }
  return request as AccountActionRequest;
};
