import { describe, expect, it } from '@jest/globals';
import { Metrics } from '@numlife/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { documentOf, root, textOf } from './files.js';
import { selectorsIn } from './promql.js';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: { readonly severity: string };
  readonly annotations?: { readonly summary: string; readonly runbook: string };
}
interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const { groups } = documentOf<{ groups: readonly { readonly rules: readonly Rule[] }[] }>('monitoring/rules.yaml');
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const dashboard = JSON.parse(textOf('monitoring/dashboard.json')) as { readonly panels: readonly Panel[] };
const targets = dashboard.panels.flatMap((panel) => panel.targets);

/** What Prometheus puts on what it scrapes, by `scrape.yaml`, and the one metric that is its own. */
const ofPrometheus = ['job', 'instance', 'component'];

/** By metric its labels, as the processes have them: what is registered, and what the rules make of it. */
async function known(): Promise<Map<string, readonly string[]>> {
  const metrics = new Metrics();
  metrics.collectProcessMetrics();
  const registered = metrics.registry.getMetricsAsArray() as unknown as { name: string; labelNames: string[] }[];
  await metrics.registry.metrics();
  const recorded = rules.flatMap(({ record, expr }) =>
    record === undefined ? [] : [[record, selectorsIn(expr).groupedBy] as const],
  );
  return new Map([
    ...registered.map(({ name, labelNames }) => [name, [...labelNames, ...ofPrometheus]] as const),
    ...recorded,
    ['up', ofPrometheus],
  ]);
}

async function unknownIn(expression: string, alsoLabels: readonly string[] = []): Promise<string[]> {
  const all = await known();
  const { selectors, groupedBy } = selectorsIn(expression);
  const labelsOf = (metric: string): readonly string[] => all.get(metric) ?? [];
  return selectors.flatMap(({ metric, labels }) => [
    ...(all.has(metric) ? [] : [metric]),
    ...[...labels, ...groupedBy, ...alsoLabels].filter((label) => !labelsOf(metric).includes(label)),
  ]);
}

const placeholders = (text: string, form: RegExp): string[] => [...text.matchAll(form)].map(([, label]) => label!);

describe('the rules and the dashboard', () => {
  it('know a metric and a label that do not exist, and what is no PromQL', async () => {
    expect(await unknownIn('rate(numlife_reports_total[5m])')).toEqual(['numlife_reports_total']);
    expect(await unknownIn('sum by (app) (numlife_parked_messages{shard="1"})')).toEqual(['shard', 'app']);
    expect(() => selectorsIn('sum by (app (numlife_parked_messages)')).toThrow('no PromQL');
  });

  it.each(rules.map((rule) => [rule.alert ?? rule.record!, rule] as const))(
    '%s asks for what exists',
    async (_, rule) => {
      const shown = placeholders(rule.annotations?.summary ?? '', /\$labels\.(\w+)/g);
      expect(await unknownIn(rule.expr, shown)).toEqual([]);
      const { groupedBy } = selectorsIn(rule.expr);
      if (groupedBy.length > 0) expect(groupedBy).toEqual(expect.arrayContaining(shown));
    },
  );

  it.each(targets.map(({ expr, legendFormat }) => [expr, legendFormat] as const))(
    '%s is of what exists',
    async (expr, legend) => {
      expect(await unknownIn(expr, placeholders(legend, /\{\{(\w+)\}\}/g))).toEqual([]);
    },
  );

  it('has an alert wait before it calls, and name a runbook that is there', () => {
    expect(alerts.length).toBeGreaterThanOrEqual(9);
    for (const { alert, for: wait, labels, annotations } of alerts) {
      const there = existsSync(join(root, annotations!.runbook));
      expect({ alert, wait, severity: labels?.severity, there }).toEqual({
        alert,
        wait: expect.stringMatching(/^\d+m$/),
        severity: expect.stringMatching(/^(critical|warning|info)$/),
        there: true,
      });
    }
  });

  it('shows each metric that numlife counts', async () => {
    const asked = [...targets.map(({ expr }) => expr), ...rules.map(({ expr }) => expr)].join('\n');
    const own = [...(await known()).keys()].filter((name) => name.startsWith('numlife_'));
    expect(own).toHaveLength(8);
    expect(own.filter((name) => !asked.includes(name))).toEqual([]);
  });
});
