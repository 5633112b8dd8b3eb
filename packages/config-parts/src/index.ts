export { configParts, partProblems } from './config-parts.ts';
