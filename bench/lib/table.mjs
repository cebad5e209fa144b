const shown = (value) =>
  value === undefined
    ? ''
    : value >= 1000
      ? Math.round(value).toLocaleString('en')
      : String(Number(value.toPrecision(3)));

/** Figures as a table: what, how much, against which baseline, and whether the goal is met. */
export function tableOf(figures) {
  const rows = figures.map(({ name, value, unit, baseline, goal, ratio, atMost }) => [
    name,
    `${shown(value)} ${unit}`,
    baseline === undefined ? '' : `${shown(baseline)} ${unit}`,
    ratio === undefined ? '' : ratio.toFixed(2),
    goal === undefined ? '' : `${atMost ? '≤' : '≥'} ${goal}`,
    goal === undefined ? '' : verdict(ratio ?? value, goal, atMost),
  ]);
  const all = [['figure', 'measured', 'baseline', 'ratio', 'goal', ''], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at])).join('  ')}`.trimEnd()).join('\n');
}

const verdict = (value, goal, atMost) => ((atMost ? value <= goal : value >= goal) ? 'met' : 'missed');
