import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { System } from '../system.js';

/** A data folder as a first start leaves it. Its copies have the same keys, so what is made in them can be compared. */
export class Template {
  readonly #copies: System[] = [];
  private constructor(readonly dataDir: string) {}

  static async make(): Promise<Template> {
    const system = await System.start();
    await system.whenAppsListen();
    await system.kill('SIGTERM');
    return new Template(system.dataDir);
  }

  /** Not started yet. */
  async copy(environment?: Record<string, string>): Promise<System> {
    const folder = await mkdtemp(join(tmpdir(), 'numlife-'));
    await cp(this.dataDir, folder, { recursive: true });
    const system = await System.in(folder, environment);
    this.#copies.push(system);
    return system;
  }

  /** Copies that still run, after a test that failed, are killed. */
  async remove(): Promise<void> {
    for (const copy of this.#copies) await copy.kill();
    for (const { dataDir } of [this, ...this.#copies]) await rm(dataDir, { recursive: true, force: true });
  }
}
