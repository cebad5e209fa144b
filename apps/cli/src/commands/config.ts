import { describeConfiguration, parseConfiguration } from '@numlife/runtime/configuration';
import type { Command } from 'commander';

export function addConfig(program: Command): void {
  program
    .command('config')
    .description('offline: every environment variable, what it takes, and what it is now')
    .option('--json', 'machine-readable')
    .action(({ json }: { json?: boolean }) => {
      const rows = describeConfiguration(parseConfiguration(process.env));
      if (json) {
        console.log(JSON.stringify(rows, null, 2));
        return;
      }
      const width = Math.max(...rows.map(({ name }) => name.length));
      for (const row of rows) {
        const value = row.value === '' ? '(empty)' : row.value;
        console.log(
          `${row.name.padEnd(width)}  ${value}${row.value === row.default ? '' : `  (default ${row.default || 'empty'})`}`,
        );
        console.log(`${' '.repeat(width)}  ${row.does}; takes ${row.takes}`);
      }
    });
}
