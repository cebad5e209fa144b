import { messageTypes, unreadable } from '../topics.js';
import { answerForms, type Form, messageForms } from '../validation/index.js';
import { examples } from './examples.js';
import { refTo, schemas } from './schemas.js';

const documentVersion = '1.0.0';
const text = { type: 'string' };

/** CloudEvents 1.0 in binary mode: the attributes stand in headers. */
const cloudEventHeaders = (type: string, extensions: object = {}): object => ({
  type: 'object',
  required: ['ce_id', 'ce_source', 'ce_specversion', 'ce_type'],
  properties: {
    ce_id: { type: 'string', description: 'Made of its cause: the same again is a redelivery.' },
    ce_source: text,
    ce_specversion: { type: 'string', const: '1.0' },
    ce_type: { type: 'string', const: type },
    ce_time: { type: 'string', format: 'date-time' },
    ...extensions,
  },
});

interface MessageOf {
  readonly type: string;
  readonly summary: string;
  readonly form: Form;
  readonly key: string;
  readonly example: object;
  readonly extensions?: object;
}
const message = ({ type, summary, form, key, example, extensions }: MessageOf): object => ({
  name: type,
  summary,
  contentType: 'application/json',
  headers: cloudEventHeaders(type, extensions),
  payload: refTo(form),
  bindings: { kafka: { key: { type: 'string', description: key }, bindingVersion: '0.5.0' } },
  examples: [{ payload: example }],
});

const reportExtensions = {
  ce_batchid: { type: 'string', description: 'Absent for a BSS that writes here itself.' },
  ce_line: { type: 'string', pattern: '^\\d{1,12}$' },
  ce_batchat: { type: 'string', format: 'date-time', description: 'When the batch began to be received.' },
  ce_unreadable: { type: 'string', enum: Object.keys(unreadable), description: 'Why a line has no data.' },
};

const messages = {
  report: message({
    type: messageTypes.report,
    summary: "A report, sealed under the carrier's key",
    form: messageForms.SealedReport,
    key: "HMAC of the number under the carrier's key; <batch>#<line> for a line without a number",
    example: examples.sealedReport,
    extensions: reportExtensions,
  }),
  batchReceived: message({
    type: messageTypes.batchReceived,
    summary: "After a file's last line",
    form: messageForms.BatchReceived,
    key: 'the batch',
    example: examples.batchReceived,
  }),
  receipt: message({
    type: messageTypes.receipt,
    summary: "The hub's answer to one line",
    form: answerForms.Receipt,
    key: 'the batch',
    example: examples.receipt,
  }),
  lifecycle: message({
    type: messageTypes.lifecycle,
    summary: "A number's whole state, as far as apps may know it",
    form: messageForms.LifecycleMessage,
    key: 'the token',
    example: examples.lifecycle,
  }),
  watermark: message({
    type: messageTypes.watermark,
    summary: 'Nothing with a lower sequence follows in this partition',
    form: messageForms.Watermark,
    key: '~watermark-<partition>',
    example: examples.watermark,
  }),
  segment: message({
    type: messageTypes.segment,
    summary: 'A number segment',
    form: answerForms.Segment,
    key: 'the prefix',
    example: examples.segment,
  }),
};

type MessageName = keyof typeof messages;
interface Channel {
  readonly address: string;
  readonly description: string;
  readonly carries: readonly MessageName[];
  /** Whether the hub sends or receives it. */
  readonly action: 'send' | 'receive';
  readonly compacted?: boolean;
}

const channels: Readonly<Record<string, Channel>> = {
  reports: {
    address: 'carrier.{carrier}.reports.v1',
    description: 'What a carrier says happened. A `complete` is in every partition.',
    carries: ['report', 'batchReceived'],
    action: 'receive',
  },
  receipts: {
    address: 'carrier.{carrier}.receipts.v1',
    description: 'What the hub answers a carrier.',
    carries: ['receipt'],
    action: 'send',
  },
  lifecycle: {
    address: 'numbers.lifecycle.v1',
    description: 'What apps are told. The last message of a key alone is enough.',
    carries: ['lifecycle', 'watermark'],
    action: 'send',
    compacted: true,
  },
  segments: {
    address: 'numbering.segments.v1',
    description: 'Which number segments there are.',
    carries: ['segment'],
    action: 'send',
    compacted: true,
  },
};

const channelOf = ({ address, description, carries, compacted = false }: Channel): object => ({
  address,
  description,
  messages: Object.fromEntries(carries.map((name) => [name, { $ref: `#/components/messages/${name}` }])) as object,
  ...(address.includes('{carrier}') ? { parameters: { carrier: { description: "The carrier's id." } } } : {}),
  bindings: {
    kafka: { topicConfiguration: { 'cleanup.policy': [compacted ? 'compact' : 'delete'] }, bindingVersion: '0.5.0' },
  },
});

const operationOf = (name: string, { action, carries }: Channel): object => ({
  action,
  channel: { $ref: `#/channels/${name}` },
  messages: carries.map((one) => ({ $ref: `#/channels/${name}/messages/${one}` })),
});

/** Only what a payload needs, directly or through another. */
function schemasOf(parts: object): object {
  const all = schemas();
  const wanted = new Set<string>();
  const visit = (part: object): void => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (wanted.has(name!)) continue;
      wanted.add(name!);
      visit(all[name!]!);
    }
  };
  visit(parts);
  return Object.fromEntries([...wanted].sort().map((name) => [name, all[name]]));
}

/** The AsyncAPI 3 document of the topics, from the hub's side. */
export function asyncApiDocument(): Record<string, unknown> {
  const entries = Object.entries(channels);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'numlife',
      version: documentVersion,
      description: 'What organisations and the hub tell each other. CloudEvents 1.0, binary mode, JSON data.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(entries.map(([name, channel]) => [name, channelOf(channel)])),
    operations: Object.fromEntries(
      entries.map(([name, channel]) => [`${channel.action}-${name}`, operationOf(name, channel)]),
    ),
    components: { messages, schemas: schemasOf(messages) },
  };
}
