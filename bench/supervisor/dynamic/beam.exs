Code.require_file("../../measure/curve.exs", __DIR__)
Code.require_file("../idle/beam.exs", __DIR__)

defmodule Dynamic do
  def open(size) do
    {:ok, supervisor} = DynamicSupervisor.start_link(max_restarts: 10_000)
    pids = :ets.new(:pids, [:private])
    for at <- 0..(size - 1), do: :ets.insert(pids, {at, start(supervisor)})

    {&round(supervisor, pids, size, &1), fn -> list(supervisor) end, fn -> kill(supervisor) end}
  end

  # It takes minutes to stop 100,000 in order, which nobody waits for here.
  defp kill(supervisor) do
    Process.unlink(supervisor)
    Process.exit(supervisor, :kill)
  end

  defp start(supervisor) do
    {:ok, child} = DynamicSupervisor.start_child(supervisor, {Idle, {self(), :idle}})
    ^child = Idle.next()
  end

  defp round(supervisor, pids, size, at) do
    child = start(supervisor)
    Curve.lap("startChild")
    :ok = DynamicSupervisor.terminate_child(supervisor, child)
    Curve.lap("terminateChild")

    if rem(at, 10) == 0 do
      # One that is far from the last.
      victim = rem(at * 7919, size)
      [{^victim, pid}] = :ets.lookup(pids, victim)
      Curve.start()
      Process.exit(pid, :kill)
      next = Idle.next()
      Curve.lap("restart")
      :ets.insert(pids, {victim, next})
      Curve.start()
      %{active: active} = DynamicSupervisor.count_children(supervisor)
      Curve.lap("countChildren")
      active == size
    else
      not Process.alive?(child)
    end
  end

  defp list(supervisor) do
    Curve.start()
    length = length(DynamicSupervisor.which_children(supervisor))
    Curve.lap("whichChildren", length)
    length
  end
end

Curve.measure(&Dynamic.open/1)
