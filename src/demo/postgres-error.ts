/** PostgreSQL cannot run here. The message is one line for the person at the terminal. */
export class PostgresUnavailable extends Error {}
