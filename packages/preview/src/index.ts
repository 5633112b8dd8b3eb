export type {
  FromPreview,
  PreviewEnd,
  PreviewedRecord,
  PreviewTask,
  ShownState,
  ShownStep,
} from './messages.ts';
export { type PreviewProcessOptions, previewInProcess } from './preview-process.ts';
export { toJson } from './show-value.ts';
