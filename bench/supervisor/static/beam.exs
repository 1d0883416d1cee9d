Code.require_file("../../measure/curve.exs", __DIR__)
Code.require_file("../idle/beam.exs", __DIR__)

defmodule Static do
  def open(size) do
    children = for at <- 0..(size - 1), do: {Idle, {self(), at}}
    {:ok, supervisor} = Supervisor.start_link(children, strategy: :one_for_one, max_restarts: 10_000)
    pids = :ets.new(:pids, [:private])
    for at <- 0..(size - 1), do: :ets.insert(pids, {at, Idle.next()})

    {&round(supervisor, pids, size, &1), fn -> list(supervisor) end,
     fn -> Supervisor.stop(supervisor) end}
  end

  defp round(supervisor, pids, size, at) do
    {:ok, child} = Supervisor.start_child(supervisor, {Idle, {self(), :extra}})
    ^child = Idle.next()
    Curve.lap("startChild")
    :ok = Supervisor.terminate_child(supervisor, :extra)
    Curve.lap("terminateChild")
    deleted = Supervisor.delete_child(supervisor, :extra)
    Curve.lap("deleteChild")

    if rem(at, 10) == 0 do
      # One that is far from the last.
      victim = rem(at * 7919, size)
      [{^victim, pid}] = :ets.lookup(pids, victim)
      Curve.start()
      Process.exit(pid, :kill)
      next = Idle.next()
      Curve.lap("restart")
      :ets.insert(pids, {victim, next})
    end

    deleted == :ok and not Process.alive?(child)
  end

  defp list(supervisor) do
    Curve.start()
    length = length(Supervisor.which_children(supervisor))
    Curve.lap("whichChildren", length)
    length
  end
end

Curve.measure(&Static.open/1)
