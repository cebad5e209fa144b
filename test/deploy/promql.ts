import { parser } from '@prometheus-io/lezer-promql';

export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** The metrics an expression selects and the labels it names of them. Throws where it is no PromQL. */
export function selectorsIn(expression: string): { readonly selectors: Selector[]; readonly groupedBy: string[] } {
  const selectors: { metric: string; labels: string[] }[] = [];
  const groupedBy: string[] = [];
  let inGrouping = false;
  parser.parse(expression).iterate({
    enter({ type, from, to }) {
      const text = expression.slice(from, to);
      if (type.isError) throw new Error(`no PromQL at ${from}: ${expression}`);
      if (type.name === 'GroupingLabels') inGrouping = true;
      else if (type.name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      else if (type.name === 'Identifier' && !inGrouping) selectors.at(-1)!.metric = text;
      else if (type.name === 'LabelName') (inGrouping ? groupedBy : selectors.at(-1)!.labels).push(text);
    },
    leave({ type }) {
      if (type.name === 'GroupingLabels') inGrouping = false;
    },
  });
  return { selectors, groupedBy };
}
