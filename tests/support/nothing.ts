// Stands in for `server-only`, which refuses to be imported outside React's server condition.
export {};
