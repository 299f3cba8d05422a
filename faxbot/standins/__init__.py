"""The stand-ins: a simulated UCX and a local Slack workspace. They share no code with the bot."""
