# Elixir's default: one report of a crash, that of the server.
Code.require_file("restart.exs", __DIR__)
Restart.main(1)
