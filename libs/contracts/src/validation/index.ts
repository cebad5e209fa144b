export { acceptReport } from './accept-report.js';
export * from './cells.js';
export { check, type Checked, type FieldProblem } from './check.js';
export { formOf, refusal, safeName, takes } from './forms.js';
export * from './instants.js';
export { checkReport, parseReport, type ParsedReport } from './parse-report.js';
