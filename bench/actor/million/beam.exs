Code.require_file("../../measure/rate.exs", __DIR__)
Code.require_file("../counter/beam.exs", __DIR__)

defmodule Million do
  def main do
    {start, servers} = timed(fn -> for _ <- 1..trunc(Rate.amount()), do: start() end)
    {call, handled} = timed(fn -> ask(servers, 0) end)
    {stop, :ok} = timed(fn -> Enum.each(servers, &GenServer.stop/1) end)

    Rate.print(length(servers), handled, [
      {"start", start},
      {"call", call},
      {"stop", stop},
      {"total", start + call + stop}
      | peak()
    ])
  end

  defp start do
    {:ok, server} = GenServer.start(Counter, 0)
    server
  end

  defp ask([], handled), do: handled
  defp ask([server | rest], handled), do: ask(rest, handled + GenServer.call(server, {:add, 1}))

  defp timed(work) do
    from = Rate.now()
    result = work.()
    {Rate.now() - from, result}
  end

  # Where there is no /proc there is no figure.
  defp peak do
    case File.read("/proc/self/status") do
      {:ok, status} ->
        [_, kilobytes] = Regex.run(~r/VmHWM:\s+(\d+) kB/, status)
        [{"rss", String.to_integer(kilobytes) * 1024}]

      _ ->
        []
    end
  end
end

Million.main()
