import { describe, expect, it } from '@jest/globals';
import { aclsFor, kafkaAclsLines, topicsFor } from './access.js';

describe('rights', () => {
  it('of a carrier: its reports, its receipts, the segments, and groups of its own', () => {
    expect(kafkaAclsLines(aclsFor([{ role: 'carrier', id: 'ct' }]), 'kafka:9092')).toEqual(
      [
        "--operation Write --operation Describe --topic 'carrier.ct.reports.v1' --resource-pattern-type literal",
        "--operation Read --operation Describe --topic 'carrier.ct.receipts.v1' --resource-pattern-type literal",
        "--operation Read --operation Describe --topic 'numbering.segments.v1' --resource-pattern-type literal",
        "--operation Read --operation Describe --group 'ct' --resource-pattern-type literal",
        "--operation Read --operation Describe --group 'ct.' --resource-pattern-type prefixed",
        "--operation Read --operation Write --operation Describe --topic 'parked.ct.v1' --resource-pattern-type literal",
        "--operation Read --operation Write --operation Describe --topic 'parked.ct.' --resource-pattern-type prefixed",
      ].map((rest) => `kafka-acls --bootstrap-server kafka:9092 --add --allow-principal 'User:ct' ${rest}`),
    );
  });

  it('of an app: it writes nothing but its answers and what it parks', () => {
    const acls = aclsFor([{ role: 'app', id: 'shop', principal: 'User:CN=shop' }]);
    const written = acls.filter(({ operations }) => operations.includes('Write')).map(({ name }) => name);
    expect(written).toEqual(['app.shop.answers.v1', 'parked.shop.v1', 'parked.shop.']);
    expect(acls.every(({ principal }) => principal === 'User:CN=shop')).toBe(true);
  });

  it('are for topics that are made', () => {
    const organisations = [{ role: 'hub', id: 'hub' } as const, { role: 'app', id: 'shop' } as const];
    expect(topicsFor(organisations, { partitions: 12 })).toEqual({
      'numbers.lifecycle.v1': { partitions: 12, cleanup: 'compact' },
      'numbering.segments.v1': { partitions: 1, cleanup: 'compact' },
      'parked.hub.v1': { partitions: 1, cleanup: 'compact' },
      'app.shop.requests.v1': { partitions: 12, cleanup: 'delete', retentionMs: 604_800_000 },
      'app.shop.answers.v1': { partitions: 12, cleanup: 'delete', retentionMs: 604_800_000 },
      'parked.shop.v1': { partitions: 1, cleanup: 'compact' },
    });
  });
});
