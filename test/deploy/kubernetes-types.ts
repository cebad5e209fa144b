import type { Model } from '@kubernetes-models/base';
import ts from 'typescript';
import { root } from './files.js';

export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: unknown;
}

const packages: Readonly<Record<string, string>> = {
  v1: 'kubernetes-models/v1',
  'apps/v1': 'kubernetes-models/apps/v1',
  'batch/v1': 'kubernetes-models/batch/v1',
  'networking.k8s.io/v1': 'kubernetes-models/networking.k8s.io/v1',
  'policy/v1': 'kubernetes-models/policy/v1',
  'keda.sh/v1alpha1': '@kubernetes-models/keda/keda.sh/v1alpha1',
};

const packageOf = ({ apiVersion, kind }: Resource): string => {
  const found = packages[apiVersion];
  if (found === undefined) throw new Error(`nothing is known of ${kind} in ${apiVersion}`);
  return found;
};

/** What the schema of its kind says against a resource: a value that is missing, or of another form. */
export async function schemaObjection(resource: Resource): Promise<string | undefined> {
  const models = (await import(packageOf(resource))) as Record<string, new (data: unknown) => Model<unknown>>;
  try {
    new models[resource.kind]!(resource).validate();
    return undefined;
  } catch (error) {
    return `${resource.kind} ${resource.metadata.name}: ${(error as Error).message}`;
  }
}

/**
 * What the types say, and the schemas let pass: a field that does not exist. Each resource becomes a literal of its type in a
 * program of one file, because only in a literal does TypeScript refuse what is too much.
 */
export function typeObjections(resources: readonly Resource[]): string[] {
  const file = `${root}/test/deploy/resources-in-memory.mts`;
  const lines = resources.map((resource) => {
    const type = `import('${packageOf(resource)}').I${resource.kind}`;
    return `export const _${resources.indexOf(resource)}: ${type} = ${JSON.stringify(resource)};`;
  });
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es2024.d.ts'],
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? lines.join('\n') : readFile(name));
  host.getSourceFile = (name, version) =>
    name === file ? ts.createSourceFile(name, lines.join('\n'), version) : getSourceFile(name, version);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}
