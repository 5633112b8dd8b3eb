export { JavaRegex } from './java-regex.ts';
export { RegexProblem } from './syntax.ts';
