import { Option } from 'commander';
import type { RunCatalogue } from '../../runs/asked/run-catalogue.js';

/** `--plugin`, which may be given again: what plug-ins bring is known to this command, too. */
export const pluginOption = (description: string): Option =>
  new Option('--plugin <module>', description)
    .argParser((module: string, before: readonly string[]) => [...before, module])
    .default([], 'none');

/**
 * What can be named when these plug-ins are loaded; paths start at the working folder.
 * Errors: `file-unreadable`, `plugin-invalid`, `config-invalid`.
 */
export async function withPlugins(plugins: readonly string[]): Promise<RunCatalogue> {
  // Loaded when it is needed: help should not wait for it.
  const { loadPlugins } = await import('../../runs/asked/plugin-modules.js');
  const { catalogueWith } = await import('../../runs/asked/run-catalogue.js');
  return catalogueWith(await loadPlugins({ plugins, directory: '.', file: '--plugin' }), '--plugin');
}
