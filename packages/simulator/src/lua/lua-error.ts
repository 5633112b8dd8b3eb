/** What a script does wrong while it runs, in Lua's words. */
export class LuaError extends Error {
  override readonly name = 'LuaError';
}

/** What the compiler does not know; the message names script, line and construct. */
export class LuaCompileError extends Error {
  override readonly name = 'LuaCompileError';
}
