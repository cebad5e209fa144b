import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { System } from '../system.js';

/** A data folder as a first start leaves it. Its copies have the same keys, so what is made in them can be compared. */
export class Template {
  readonly #made: string[] = [];
  private constructor(private readonly dataDir: string) {}

  static async make(): Promise<Template> {
    const system = await System.start();
    await system.whenAppsListen();
    await system.kill('SIGTERM');
    return new Template(system.dataDir);
  }

  /** Not started yet. */
  async copy(environment?: Record<string, string>): Promise<System> {
    const folder = await mkdtemp(join(tmpdir(), 'numlife-'));
    this.#made.push(folder);
    await cp(this.dataDir, folder, { recursive: true });
    return System.in(folder, environment);
  }

  async remove(): Promise<void> {
    for (const folder of [this.dataDir, ...this.#made]) await rm(folder, { recursive: true, force: true });
  }
}
