import { Registry } from '../../registry.js';
import { jem } from './jem.js';
import type { Preset } from './preset.js';

/** Every protocol that `--preset` can name. */
export const presets = Registry.of<Preset>('preset', [jem]);
