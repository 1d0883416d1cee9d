# Erlang's default: reports of the supervisor too. There are three of a crash: of the server, of the process, of the supervisor.
Application.stop(:logger)
Application.put_env(:logger, :handle_sasl_reports, true)
Application.put_env(:logger, :level, :error)
Application.start(:logger)

Code.require_file("restart.exs", __DIR__)
Restart.main(3)
