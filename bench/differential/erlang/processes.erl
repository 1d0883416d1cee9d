%% Processes that spawn, link, monitor, send, exit: each runs the actions that it is told to.
-module(processes).
-export([run/1]).
-import(differential, [settle/0, entry/1, reason/1, text/1, pid/1, index/1, add/2,
                       reason_of/1]).

run(Steps) ->
    ets:insert(state, {count, 0}),
    [start(fun spawn/1) || _ <- [1, 2, 3]],
    [step(Step) || Step <- Steps],
    [state(N) || N <- lists:seq(0, count() - 1)],
    [entry(["named ", text(Name), $\s, text(whereis_index(Name))]) || Name <- [n0, n1]].

step([Who, Actions]) ->
    case ets:member(state, {receives, Who rem count()}) of
        true -> ok;
        false -> at(Who) ! {actions, Actions}
    end,
    settle(),
    entry("step").

state(N) ->
    Pid = at(N),
    case process_info(Pid, [links, monitors, trap_exit, message_queue_len]) of
        undefined -> ok;
        [{_, Links}, {_, Monitors}, {_, Trap}, {_, Length}] ->
            entry(["state ", text(N),
                   " links ", text(lists:sort([index(P) || P <- Links])),
                   " monitors ", text(length(Monitors)),
                   $\s, text(Trap), $\s, text(Length)])
    end.

count() -> ets:lookup_element(state, count, 2).
at(N) -> pid(N rem count()).

%% A process, under the next number.
start(Spawn) ->
    N = count(),
    Started = Spawn(fun() -> loop(N) end),
    Pid = case Started of {P, _} -> P; P -> P end,
    add(N, Pid),
    ets:insert(state, {count, N + 1}),
    {N, Started}.

loop(N) ->
    put(number, N),
    receive
        {actions, Actions} -> [act(Action) || Action <- Actions];
        Message -> saw(Message)
    end,
    loop(N).

me(What) -> about(get(number), What).
about(Other, What) -> entry([text(get(number)), $<, text(Other), $\s, What]).

saw({message, From, Text}) -> about(From, ["message ", text(Text)]);
saw({'EXIT', Pid, Reason}) -> about(index(Pid), ["EXIT ", reason(Reason)]);
saw({'DOWN', Ref, process, Target, Reason}) ->
    about(index(Target), ["DOWN ", text(number_of(Ref)), $\s, reason(Reason)]).

monitors() -> case get(monitors) of undefined -> []; Refs -> Refs end.
number_of(Ref) -> length(lists:takewhile(fun(R) -> R =/= Ref end, monitors())).
add_monitor(Ref) ->
    put(monitors, monitors() ++ [Ref]),
    ets:insert(state, {{ref, get(number), length(monitors()) - 1}, Ref}).
with_monitor(Nth, Do) ->
    case monitors() of
        [] -> ok;
        Refs -> Do(lists:nth(Nth rem length(Refs) + 1, Refs))
    end.

ok_or_error(Do) -> try Do() of Value -> text(Value) catch error:badarg -> "error" end.
whereis_index(Name) ->
    case whereis(Name) of undefined -> undefined; Pid -> index(Pid) end.

act([How]) when How =:= spawn; How =:= spawnLink; How =:= spawnMonitor ->
    case count() < 8 of
        true -> {N, Started} = start(spawner(How)),
                case Started of {_, Ref} -> add_monitor(Ref); _ -> ok end,
                me([text(How), $\s, text(N)]);
        false -> ok
    end;
act([link, Other]) ->
    try link(at(Other)) catch error:noproc -> exit(noproc) end;
act([unlink, Other]) -> unlink(at(Other));
act([monitor, Other, none]) -> add_monitor(monitor(process, at(Other)));
act([monitor, Other, Alias]) ->
    Mode = case Alias of
        explicitUnalias -> explicit_unalias;
        demonitor -> demonitor;
        replyDemonitor -> reply_demonitor
    end,
    add_monitor(monitor(process, at(Other), [{alias, Mode}]));
act([monitorName, Name]) -> add_monitor(monitor(process, Name));
act([demonitor, Nth, Flush]) ->
    Options = case Flush of true -> [info, flush]; false -> [info] end,
    with_monitor(Nth, fun(Ref) -> me(["demonitor ", text(demonitor(Ref, Options))]) end);
act([unalias, Nth]) -> with_monitor(Nth, fun(Ref) -> me(["unalias ", text(unalias(Ref))]) end);
act([sendAlias, Other, Nth, Text]) ->
    case ets:lookup(state, {ref, Other, Nth}) of
        [] -> ok;
        [{_, Ref}] -> Ref ! {message, get(number), Text}
    end;
act([trapExit, Flag]) -> me(["trapExit ", text(process_flag(trap_exit, Flag))]);
act([send, Other, Text]) -> at(Other) ! {message, get(number), Text};
act([sendName, Name, Text]) ->
    me(["sendName ", ok_or_error(fun() -> Name ! {message, get(number), Text}, true end)]);
act([register, Name, Other]) ->
    me(["register ", ok_or_error(fun() -> register(Name, at(Other)) end)]);
act([unregister, Name]) -> me(["unregister ", ok_or_error(fun() -> unregister(Name) end)]);
act([whereis, Name]) -> me(["whereis ", text(whereis_index(Name))]);
act([alive, Other]) -> me(["alive ", text(is_process_alive(at(Other)))]);
act(['receive', Text]) ->
    ets:insert(state, {{receives, get(number)}}),
    receive {message, From, Text} -> about(From, ["took ", text(Text)]) end,
    ets:delete(state, {receives, get(number)});
act([poll, Text]) ->
    receive {message, From, Text} -> about(From, ["took ", text(Text)])
    after 0 -> me("took nothing")
    end;
act([signal, Other, Reason]) -> exit(at(Other), reason_of(Reason));
act([exit, Reason]) -> exit(reason_of(Reason));
act([raise]) -> error(oops);
act([throw]) -> throw(ball).

spawner(spawn) -> fun spawn/1;
spawner(spawnLink) -> fun spawn_link/1;
spawner(spawnMonitor) -> fun spawn_monitor/1.
