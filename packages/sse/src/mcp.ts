export type {
  ChangeNotification,
  Listener,
  ListenerStatus,
  McpFailure,
  RereadReason,
  SubscriptionFilter,
} from './mcp/listener.ts';
export * as McpListener from './mcp/listener.ts';
