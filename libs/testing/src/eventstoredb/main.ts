import type { Command } from './faults.js';
import { serve } from './server.js';

/*
 * The process of the wire server: `node main.js <folder> <port>`. With a parent that has a channel it takes commands
 * and ends with it; without one it runs until it is told to end.
 */
const [folder, port] = process.argv.slice(2);
const server = await serve(folder!, Number(port ?? 0));
process.stdout.write(`listening on 127.0.0.1:${server.port}\n`);
process.send?.({ kind: 'ready', port: server.port });
process.on('message', ({ id, command }: { id: number; command: Command }) => {
  void server.command(command).then((counts) => process.send?.({ kind: 'done', id, counts }));
});
process.on('disconnect', () => process.exit());
