import type { ConnectorPlugin } from '@sluice/connector-api';
import { postgresConnector } from './postgres-connector.ts';

export { postgresConnector };

export const plugins: readonly ConnectorPlugin[] = [postgresConnector];
