import type { HubParts } from '@numlife/hub';
import type { KeyFile } from '@numlife/privacy';

export class Connectors {
  static async open(_parts: HubParts, _keys: KeyFile, _folder: string): Promise<Connectors> {
    return Promise.resolve(new Connectors());
  }
  apps(): string[] {
    return [];
  }
  pointTo(_id: string, _url: string): void {
    return;
  }
  onFailure(_listener: (error: unknown) => void): void {
    return;
  }
  modules(): [] {
    return [];
  }
  async stop(): Promise<void> {
    await Promise.resolve();
  }
}
