export { alterOffsetsInProcess } from './alter-offsets-in-process.ts';
export type {
  FromPreview,
  PreviewEnd,
  PreviewedRecord,
  PreviewTask,
  ShownState,
  ShownStep,
} from './messages.ts';
export type { OffsetsAnswer, OffsetsTask } from './offset-messages.ts';
export { type PreviewProcessOptions, previewInProcess } from './preview-process.ts';
export type {
  RecordsTask,
  ShownPart,
  ShownRecord,
  ShownRecords,
  StoredRecord,
} from './records-messages.ts';
export { type RecordsAnswer, showRecordsInProcess } from './show-records-in-process.ts';
export { toJson } from './show-value.ts';
export { type ValidationProcessOptions, validateInProcess } from './validate-in-process.ts';
export type { Validation, ValidationTask } from './validation-messages.ts';
