import { expect, it } from '@jest/globals';
import { objectionsTo } from './files.js';

it('knows a name that is none, a value that is not taken, and a file where there is no secret', () => {
  const wrong = { KAFKA_BROKER: 'kafka:9092', KAFKA_TLS: 'true', HUB_URL_FILE: '/run/hub', MODE: 'cluster' };
  expect(objectionsTo(wrong)).toHaveLength(4);
  expect(objectionsTo({ KAFKA_BROKERS: 'kafka:9092', KAFKA_TLS: 'yes', DATABASE_URL_FILE: '/run/url' })).toEqual([]);
});
