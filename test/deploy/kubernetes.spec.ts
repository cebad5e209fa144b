import { describe, expect, it } from '@jest/globals';
import { parseConfiguration, variables } from '@numlife/runtime';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { documentOf, documentsOf, objectionsTo, pathsUnder, root, textOf } from './files.js';
import { type Resource, schemaObjection, typeObjections } from './kubernetes-types.js';

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly securityContext: object;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly securityContext: object;
  readonly terminationGracePeriodSeconds?: number;
}
interface Workload extends Resource {
  readonly spec: { readonly template: { readonly spec: PodSpec }; readonly jobTemplate?: Workload };
}
interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator?: readonly { readonly name: string; readonly literals: readonly string[] }[];
  readonly patches?: readonly {
    readonly target: { readonly kind: string; readonly name: string };
    readonly patch: string;
  }[];
}

const yamls = pathsUnder('kubernetes', '.yaml');
const kustomizations = yamls.filter((path) => path.endsWith('kustomization.yaml'));
const resources = yamls.filter((path) => !kustomizations.includes(path)).flatMap((path) => documentsOf<Resource>(path));
const workloads = resources.filter(({ kind }) => ['Deployment', 'StatefulSet', 'CronJob'].includes(kind)) as Workload[];
const podOf = ({ spec }: Workload): PodSpec => (spec.jobTemplate?.spec ?? spec).template.spec;
const servers = workloads.filter(({ kind }) => kind !== 'CronJob');
const containersOf = (workload: Workload): Container[] => {
  const { containers, initContainers = [] } = podOf(workload);
  return [...initContainers, ...containers];
};
const pairsOf = (literals: readonly string[]): Record<string, string> =>
  Object.fromEntries(literals.map((literal) => [literal.split('=', 1)[0]!, literal.slice(literal.indexOf('=') + 1)]));
const generated = kustomizations.flatMap((path) => {
  const { configMapGenerator = [] } = documentOf<Kustomization>(path);
  return configMapGenerator.map(({ name, literals }) => ({ path, name, values: pairsOf(literals) }));
});

describe('the manifests', () => {
  it('are what the schemas of Kubernetes and KEDA say', async () => {
    expect(resources).toHaveLength(21);
    const objections = await Promise.all(resources.map(schemaObjection));
    expect(objections.filter((objection) => objection !== undefined)).toEqual([]);
  });

  it('have no field that does not exist', () => {
    expect(typeObjections(resources)).toEqual([]);
    const mistyped = { ...servers[0]!, spec: { ...servers[0]!.spec, replica: 2 } };
    expect(typeObjections([mistyped])).toEqual([expect.stringContaining('replica')]);
  });

  it('are each named by one kustomization, whose patches find what they change', () => {
    const named = kustomizations.flatMap((path) => {
      const { resources: names } = documentOf<Kustomization>(path);
      return names.map((name) => join(dirname(path), name));
    });
    for (const path of named)
      expect({ path, there: existsSync(join(root, 'deploy', path)) }).toMatchObject({ there: true });
    for (const path of yamls) {
      const isNamed = named.includes(path) || named.includes(dirname(path));
      expect({ path, isNamed }).toEqual({ path, isNamed: path !== 'kubernetes/overlays/sample/kustomization.yaml' });
    }
    for (const path of kustomizations) {
      for (const { target, patch } of documentOf<Kustomization>(path).patches ?? []) {
        const found = resources.find(({ kind, metadata }) => kind === target.kind && metadata.name === target.name);
        for (const { path: place } of parse(patch) as { path: string }[]) {
          const value = place
            .split('/')
            .slice(1)
            .reduce((at: unknown, key) => (at as Record<string, unknown>)[key], found);
          expect(value).toBeDefined();
        }
      }
    }
  });
});

describe('the processes in Kubernetes', () => {
  it('are set nothing but variables of the configuration, to values they take', () => {
    const set = workloads.flatMap((workload) => containersOf(workload).flatMap(({ env }) => env));
    expect(set.length).toBeGreaterThan(20);
    expect(set.flatMap(({ name, value }) => objectionsTo({ [name]: value }))).toEqual([]);
    expect(generated.flatMap(({ values }) => objectionsTo(values))).toEqual([]);
  });

  it('have all they need in the sample', () => {
    const settings = generated.find(({ name }) => name === 'numlife-settings')!.values;
    const instances = generated
      .filter(({ name }) => name !== 'numlife-settings')
      .map(({ name, values }) => ({ name, values }));
    expect(instances.map(({ name }) => name).sort()).toEqual([
      ...Array<string>(2).fill('connector'),
      ...Array<string>(4).fill('gateway'),
    ]);
    for (const { name, values } of [...instances, { name: 'hub', values: {} }]) {
      const { args, env, envFrom } = podOf(servers.find(({ metadata }) => metadata.name === name)!).containers[0]!;
      expect(envFrom.map(({ configMapRef }) => configMapRef.name)).toEqual(
        name === 'hub' ? ['numlife-settings'] : ['numlife-settings', name],
      );
      const own = Object.fromEntries(env.map((one) => [one.name.replace(/(PASSWORD|URL)_FILE$/, '$1'), one.value]));
      // What stands in a file here is a path; for whether it is set, any value that is taken does.
      const secrets = { EVENTSTOREDB_URL: 'esdb://store:2113', DATABASE_URL: 'postgresql://db/numlife' };
      const set = Object.fromEntries(Object.entries(secrets).filter(([secret]) => secret in own));
      expect(args).toEqual([name]);
      expect(() => parseConfiguration({ ...settings, ...values, ...own, ...set }, name as 'hub')).not.toThrow();
    }
  });

  it('are asked where they answer, and have time to stop', () => {
    expect(servers).toHaveLength(3);
    for (const workload of servers) {
      const { containers, terminationGracePeriodSeconds } = podOf(workload);
      const [{ startupProbe, livenessProbe, readinessProbe }] = containers as [Container];
      expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet)).toEqual([
        { path: '/health/live', port: 'http' },
        { path: '/health/live', port: 'http' },
        { path: '/health/ready', port: 'http' },
      ]);
      expect(terminationGracePeriodSeconds).toBeGreaterThan(variables.SHUTDOWN_TIMEOUT_SECONDS.fallback);
    }
    const paths = textOf('../libs/runtime/src/health.ts');
    for (const path of ['health/live', 'health/ready', 'metrics']) expect(paths).toContain(`@Get('${path}')`);
  });

  it('run without root, without capabilities and with a read-only root', () => {
    for (const workload of workloads) {
      expect(podOf(workload).securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
      for (const { securityContext } of containersOf(workload))
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
    }
  });

  it('may be moved one at a time, each', () => {
    const budgets = resources.filter(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budgets.map(({ metadata }) => metadata.name).sort()).toEqual(['connector', 'gateway', 'hub']);
  });

  it("scale by the group the hubs consume in, and stay within its topics' partitions", () => {
    const hubs = textOf('../apps/hub/src/hub.ts');
    const [, group] = /export const ingestGroup = '(\w+)'/.exec(hubs)!;
    const scaling = resources.find(({ kind }) => kind === 'ScaledObject')!.spec as {
      readonly maxReplicaCount: number;
      readonly triggers: readonly { readonly metadata: { readonly consumerGroup: string } }[];
    };
    expect(scaling.triggers.map(({ metadata }) => metadata.consumerGroup)).toEqual([group]);
    const partitions = generated.find(({ name }) => name === 'numlife-settings')!.values['REPORT_PARTITIONS'];
    expect(scaling.maxReplicaCount).toBeLessThanOrEqual(Number(partitions));
  });
});
