"""Tools for AI agents: an MCP server, the same tools as an OpenAI-style list, and an extension for UCP products."""
