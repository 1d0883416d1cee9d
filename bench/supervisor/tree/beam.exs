Code.require_file("../../measure/rate.exs", __DIR__)
Code.require_file("../idle/beam.exs", __DIR__)

defmodule Tree do
  @trees 5

  def main do
    amount = trunc(Rate.amount())
    for _ <- 1..@trees, do: once(amount)
    all = for _ <- 1..@trees, do: once(amount)

    Rate.print(2 * @trees * amount, Enum.sum(for({_, _, handled} <- all, do: handled)), [
      {"start", median(for({start, _, _} <- all, do: start))},
      {"stop", median(for({_, stop, _} <- all, do: stop))}
    ])
  end

  defp median(samples), do: samples |> Enum.sort() |> Enum.at(div(@trees, 2))

  # How long the start took, how long the stop, how many were seen to run, and then to have ended.
  defp once(amount) do
    children = for id <- 1..amount, do: {Idle, {self(), id}}
    :erlang.garbage_collect()
    {start, {:ok, supervisor}} = timed(fn -> Supervisor.start_link(children, strategy: :one_for_one) end)
    %{active: active} = Supervisor.count_children(supervisor)
    pids = for _ <- 1..amount, do: Idle.next()
    {stop, :ok} = timed(fn -> Supervisor.stop(supervisor) end)
    {start, stop, active + Enum.count(pids, &(not Process.alive?(&1)))}
  end

  defp timed(work) do
    from = Rate.now()
    result = work.()
    {Rate.now() - from, result}
  end
end

Tree.main()
