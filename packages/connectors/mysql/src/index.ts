import type { ConnectorPlugin } from '@sluice/connector-api';
import { mariadbConnector, mysqlConnector } from './mysql-connector.ts';

export { mariadbConnector, mysqlConnector };

export const plugins: readonly ConnectorPlugin[] = [mysqlConnector, mariadbConnector];
