"""What stands in for a UCX and for Slack: two servers that share no code with the bot."""
