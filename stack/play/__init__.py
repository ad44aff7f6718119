"""The play of the demo: acts that move the systems as people would, and compare what is seen with what is expected.

To add an act: a module of this folder with one function ``name(scene: Scene) -> list[Row]``, and its line in
`stack.play.programme`. The function does what people do (`Scene.act`), lets Airflow's own runs do the work
(`Scene.run`), says in one line what it does (`Scene.say`), and returns a `Row` for each thing that it looked at. What
it expects comes from one system, what it has seen from another: an act that asks Pakhus for both shows nothing.
"""
