/** A shop that keeps its customers and orders in PostgreSQL. */
import type { DatabaseServer } from '@sluice/testkit';
import { Database } from './database.ts';

/** With columns that are the same text in PostgreSQL and MariaDB. */
export const tables = [
  { name: 'customers', key: 'id', columns: "id, name, COALESCE(email, '-'), city" },
  { name: 'orders', key: 'id', columns: 'id, customer_id, ordered_on, status' },
  {
    name: 'order_items',
    key: 'order_id, position',
    columns: 'order_id, position, product, quantity, price',
  },
] as const;

/** Orders that are placed at a time. */
const chunk = 50;

export class Shop {
  readonly database: Database;

  private constructor(database: Database) {
    this.database = database;
  }

  static async open(server: DatabaseServer): Promise<Shop> {
    const database = await Database.create(server, 'shop');
    await database.run(schema);
    return new Shop(database);
  }

  /** Places orders, little by little from one number to the other, and goes on working on those that are there. */
  async trade(first: number, last: number): Promise<void> {
    for (let from = first; from <= last; from += chunk) {
      await this.database.run(changes(from, Math.min(from + chunk - 1, last)));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const schema = `
CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL, email TEXT, city TEXT NOT NULL);
CREATE TABLE orders (
  id INT PRIMARY KEY,
  customer_id INT NOT NULL REFERENCES customers ON DELETE CASCADE,
  ordered_on DATE NOT NULL,
  status TEXT NOT NULL DEFAULT 'open'
);
CREATE TABLE order_items (
  order_id INT REFERENCES orders ON DELETE CASCADE,
  position INT,
  product TEXT NOT NULL,
  quantity INT NOT NULL,
  price NUMERIC(10, 2) NOT NULL,
  PRIMARY KEY (order_id, position)
);
CREATE INDEX ON orders (customer_id);
`;

/** Three transactions: what is ordered, what becomes of it, and what is deleted of it and of earlier orders. */
function changes(first: number, last: number): string {
  const placed = `BETWEEN ${String(first)} AND ${String(last)}`;
  const earlier = `BETWEEN ${String(first - chunk)} AND ${String(last - chunk)}`;
  // Ten orders each.
  const [newest, oldest] = [Math.ceil(last / 10), Math.ceil(first / 10)].map(String);
  return `
BEGIN;
INSERT INTO customers
  SELECT n, 'Zoë ' || n, CASE WHEN n % 3 > 0 THEN 'zoe-' || n || '@example.org' END,
    (ARRAY['Bergen', 'Kraków', 'Lisboa', 'Zürich'])[1 + n % 4]
  FROM generate_series(${oldest}, ${newest}) n
  ON CONFLICT DO NOTHING;
INSERT INTO orders (id, customer_id, ordered_on)
  SELECT n, (n + 9) / 10, DATE '2026-11-28' + n % 3 FROM generate_series(${String(first)}, ${String(last)}) n;
INSERT INTO order_items
  SELECT n, position, 'product ' || n * position % 97, 1 + n % 5, (n * position * 37 % 10000) / 100.0
  FROM generate_series(${String(first)}, ${String(last)}) n, generate_series(1, 1 + n % 4) position;
COMMIT;
BEGIN;
UPDATE orders SET status = 'paid' WHERE id ${placed} AND id % 5 > 0;
UPDATE order_items SET quantity = quantity + 1 WHERE order_id ${placed} AND order_id % 3 = 0;
-- A change of the key.
UPDATE order_items SET position = 9 WHERE order_id ${placed} AND order_id % 7 = 0 AND position = 1;
UPDATE customers SET city = 'Porto', email = NULL WHERE id BETWEEN ${oldest} AND ${newest} AND id % 6 = 0;
COMMIT;
BEGIN;
DELETE FROM order_items WHERE order_id ${placed} AND position = 3;
UPDATE orders SET status = 'returned' WHERE id ${earlier} AND id % 8 = 0;
DELETE FROM orders WHERE id ${earlier} AND id % 11 = 0;
-- With all that they ordered.
DELETE FROM customers WHERE id * 10 ${earlier} AND id % 13 = 0;
COMMIT;
`;
}
