/** Where values are kept that definitions only refer to. */

export interface ConfigProvider {
  /**
   * The values of these keys at a path; what there is not is left out. The path is empty where a reference has none.
   * @throws Error with a message for the operator, which quotes no value.
   */
  get(path: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  close?(): Promise<void> | void;
}
