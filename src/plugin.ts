/**
 * `assay/plugin`: what a plug-in is made of parts with. The parts come from `assay/suite`, `assay/attack`, `assay/score` and
 * `assay/data`; defences, checkpoint formats and architectures from here.
 */

export type { Architecture } from './architectures/architecture.js';
export type { CheckpointFormat } from './checkpoints/checkpoint.js';
export { Type } from './config/type.js';
export { AssayError, type ErrorCode, type ErrorDetails } from './errors.js';
export { type Defence, defineDefence } from './models/defences/registry.js';
export type { Batch, Capability, System, SystemInfo } from './models/system.js';
export { type Stream, type StreamKey, stream } from './random/stream.js';
export { definePlugin, type Plugin, type PluginDefinition } from './suites/plugin.js';
