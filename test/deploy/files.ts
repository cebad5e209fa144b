import { type Configuration, variables } from '@numlife/runtime';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const root = resolve(import.meta.dirname, '../..');
const deploy = join(root, 'deploy');

export const pathsUnder = (folder: string, ending: string): string[] =>
  readdirSync(join(deploy, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path))
    .sort();

export const textOf = (path: string): string => readFileSync(join(deploy, path), 'utf8');

/** Every document of a YAML file, with `<<` merged; a warning is an error. */
export function documentsOf<Document>(path: string): Document[] {
  return parseAllDocuments(textOf(path), { merge: true }).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw problem;
    return document.toJS() as Document;
  });
}

export function documentOf<Document>(path: string): Document {
  const [only, ...more] = documentsOf<Document>(path);
  if (only === undefined || more.length > 0) throw new Error(`${path} takes one document`);
  return only;
}

const isVariable = (name: string): name is keyof Configuration => Object.hasOwn(variables, name);

/** What the configuration says against an environment variable: that it knows none of that name, or takes another value. */
export function objectionTo(name: string, value: string): string | undefined {
  if (isVariable(name)) return variables[name].parse(value) === undefined ? `${name} takes not ${value}` : undefined;
  const fileOf = name.replace(/_FILE$/, '');
  if (fileOf !== name && isVariable(fileOf) && 'secret' in variables[fileOf]) return undefined;
  return `${name} is no variable`;
}

export const objectionsTo = (environment: Readonly<Record<string, string>>): string[] =>
  Object.entries(environment).flatMap(([name, value]) => objectionTo(name, value) ?? []);
